// The service's security room: the walks, whole passwords, beginnings and endings behind
// CommonPasswords.

extension CommonPasswords {
    /// Alphabets and ways over a keyboard.
    static let walkText = """
        q1q2q3q4q5q6q7q8q9q0 a1a2a3a4a5a6a7a8a9a0 1q2q3q4q5q6q7q8q9q0q 1a2a3a4a5a6a7a8a9a0a
        z1x2c3v4b5n6m7 q1w2e3r4t5 010203040506070809101112 1112131415161718191920212223
        2122232425262728293031 1213141516171819 qpwoeirutyalskdjfhgzmxncbv azsxdcfvgbhnjmk
        qawsedrftgyhujikolp zxcasdqwezxcasdqwe asdzxcqweasdzxcqwe 1qa2ws3ed4rf5tg6yh7uj8ik9ol
        qaz123wsx456edc789 123qwe456rty789uio 123qwe456asd789zxc qwe123asd456zxc789 11235813213455
        4815162342108 27182818284590 zxcvbasdfgqwert qwertasdfgzxcvb asdfgqwertzxcvb qwertasdfg
        1w2q3r4e5t6y 0p9o8i7u6y5t4r3e2w1q p0o9i8u7y6t5r4e3w2q1 mkonjibhuvgycftxdrzse 7539514560
        1593572580 01234567890123456789 11223344556677889900 1234554321 13579246801357924680
        2468013579 102938475601 1472583690 147258369147 3692581470 7894561230 789456123789
        1597534862 159357258456 123698745 0147852369 1234509876 abcdefghijklmnopqrstuvwxyzabcdefghij
        aabbccddeeffgghh a1b2c3d4e5f6g7h8i9j0 1a2b3c4d5e6f7g8h9i0j abc123def456ghi789
        123abc456def789ghi qwertyuiop[]asdfghjkl;'zxcvbnm,./ qwertyuiopasdfghjklzxcvbnm
        1234567890qwertyuiop 1234567890-= !@#$%^&*()_+ asdfghjkl;' zxcvbnm,./ qwertyuiopqwertyuiop
        asdfghjklasdfghjkl zxcvbnmzxcvbnm zxcvbnmasdfghjkl asdfghjklqwertyuiop
        zxcvbnmasdfghjklqwertyuiop 1q2w3e4r5t6y7u8i9o0p 1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik,9ol.0p;/
        qazwsxedcrfvtgbyhnujmikolp q1w2e3r4t5y6u7i8o9p0 1qazxsw23edcvfr45tgbnhy67ujm
        zaq1xsw2cde3vfr4bgt5nhy6mju7 zaq12wsxcde34rfvbgt5 1qaz!qaz2wsx@wsx !qaz@wsx#edc$rfv%tgb^yhn
        !@#$1234qwer !q2w3e4r5t 1a2s3d4f5g6h7j8k9l 1z2x3c4v5b6n7m a1s2d3f4g5h6j7k8l9
        q1a1z1w2s2x2e3d3c3 qweasdzxcqweasdzxc qweasdzxc123 123qweasdzxc qweqweqwe asdasdasd
        zxczxczxc qwaszxqwaszx azertyuiopqsdfghjklmwxcvbn qwertzuiopasdfghjklyxcvbnm
        1q2w3e4r1q2w3e4r qwer1234asdf zxcv 1234qwerasdfzxcv5678 poiuytrewqlkjhgfdsamnbvcxz
        mnbvcxzlkjhgfdsapoiuytrewq 3.1415926535 3141592653589793 31415926535897932384
        """

    /// Passwords that no other rule makes.
    static let wholeText = """
        letmeinnow letmeinplease letmeinside opensesame abracadabra changemenow changemeplease
        changeitnow mypassword thisismypassword nopassword passwordispassword ihavenopassword
        whatpassword forgotpassword iforgotmypassword newpassword oldpassword secretpassword
        masterpassword defaultpassword temppassword temporarypassword userpassword adminpassword
        rootpassword testpassword samplepassword trustnoone trustno1trustno1
        correcthorsebatterystaple correcthorse administrator administrador superadmin superuser
        superman123 administration adminadmin rootroot123 guestguest testtest12 testtesttest
        testing123 iloveyousomuch iloveyoumore iloveyoubaby iloveyou2much ilovehim4ever ilovemyself
        ilovemymom ilovemydad ilovemyfamily ilovemylife ilovemydog ilovemycat ilovejesus ilovegod
        jesuschrist jesuslovesme jesusislord jesussaves godisgood godisgreat godislove godblessme
        godblessyou inshallah bismillah alhamdulillah subhanallah mashaallah allahuakbar muhammad123
        ganpatibappa jaimatadi omnamahshivaya saibaba123 loveyouforever foreverandever forever21
        alwaysandforever bestfriends bestfriend bestfriends4ever babygirl123 sweetheart
        iloveyou4ever sexybitch fuckyou123 fuckoff123 motherfucker motherlover asshole123
        fuckthisshit bullshit123 whatever123 whateverman nothing123 nevermind1 unbelievable
        everything somebody123 basketball volleyball football123 baseball123 barcelona1 realmadrid
        manchester manchesterunited liverpool1 liverpoolfc arsenalfc chelseafc juventus123
        galatasaray fenerbahce besiktas1903 fenerbahce1907 galatasaray1905 fcbarcelona bayernmunich
        borussia09 steelers123 dallascowboys redsox2004 yankees123 leonardodavinci michaeljordan
        michaeljackson britneyspears justinbieber selenagomez kobebryant24 lebronjames23 cristiano7
        cristianoronaldo ronaldinho10 lionelmessi10 harrypotter hermione123 dumbledore gryffindor
        slytherin1 hufflepuff1 ravenclaw1 expectopatronum starwars123 starwars1977 lukeskywalker
        darthvader obiwankenobi chewbacca1 maytheforcebewithyou skywalker1 millennium millenium2000
        enterprise startrek123 ncc1701abc ncc-1701-d spiderman123 wolverine1 batman1989 supergirl123
        transformers megatron123 optimusprime pokemon123 pikachu123 charizard1 dragonball
        dragonballz naruto1234 narutouzumaki sasukeuchiha onepiece123 finalfantasy kingdomhearts
        zeldalink1 minecraft123 counterstrike callofduty4 worldofwarcraft warcraft123 starcraft2
        runescape123 leagueoflegends playstation playstation2 playstation3 nintendo64 gameover123
        gamecube123 halflife2 metalgear1 rockandroll metallica1 ironmaiden666 linkinpark greenday123
        blink182182 redhotchili guitarhero guitar1234 nirvana123 slipknot666 evanescence
        mychemicalromance wutangclan tupacshakur eminem1234 slimshady1 westside123 motorcycle
        harleydavidson chevrolet1 corvette12 mustang123 lamborghini ferrari123 mercedes123
        mercedesbenz volkswagen volkswagon mitsubishi1 california california1 newyorkcity losangeles
        sanfrancisco washington philadelphia pittsburgh1 australia1 deutschland deutschland1
        switzerland argentina1 venezuela1 philippines pakistan123 pakistan786 bangladesh indonesia1
        hindustan1 1234pakistan india12345 strawberry strawberry1 blueberry1 watermelon watermelon1
        chocolate1 cheesecake butterscotch cinnamon123 butterfly1 butterflies dragonfly1 hummingbird
        caterpillar rhinoceros sunflower1 sunshine123 thunderbird thunderbolt lightning1 hurricane1
        snowflake1 snowball123 christmas1 christmas123 halloween1 valentine1 birthday123 september1
        september11 november11 december25 january123 february14 wednesday1 friday13th independence
        revolution constitution university highschool classof2010 scoobydoo1 mickeymouse minniemouse
        donaldduck winniethepooh hellokitty hellokitty1 helloworld helloworld1 hello12345 hellothere
        hellohello goodmorning goodmorning1 goodnight1 goodluck123 welcome123 welcomehome
        welcome2home welcometo1 thankyou123 thankyougod happybirthday happydays1 happyfeet1
        happiness1 beautiful1 beautifulgirl prettygirl wonderful1 gorgeous123 princess123 princesse1
        cinderella sleepingbeauty tinkerbell tinkerbell1 peterpan123 rapunzel123 littlemermaid
        snowwhite1 supernatural supernova1 supersonic1 superstar1 superpower invincible undertaker
        undertaker1 johncena123 stonecold316 terminator terminator2 predator123 gladiator1
        braveheart braveheart1 lordoftherings mordor1234 gandalf123 frodobaggins legolas123
        aragorn123 thehobbit1 jamesbond007 bond007007 agent00700 scarface123 goodfellas godfather1
        godfather123 matrix1234 wakeupneo1 whiterabbit alexander1 alexandria alexandra1 alejandro1
        alejandra1 christine1 christian1 christopher christopher1 cristopher christina1 cristina123
        katherine1 elizabeth1 elizabeth123 stephanie1 stephanie123 jacqueline jacqueline1 maximilian
        maximillian sebastian1 sebastian123 nathaniel1 penelope123 gabriella1 gabriela123
        isabella123 valentina1 francisco1 francesca1 guillermo1 montgomery anastasia1 emmanuelle
        immanuel123 charlotte1 charlotte123 annabelle1 cassandra1 samantha123 savannah123
        qwerty12345 qwertyqwerty asdfasdfasdf qwerasdfzxcv asdfqwer1234 zxcvasdfqwer a1234567890
        abcd123456 abcdef123456 abcdefg123 abcdefgh123 abcde12345 abcd1234567 aaaa111111 aaa1111111
        asd123asd123 abc123abc123 qwe123qwe123 zxc123zxc123 asdf123456 asdfg12345 zxcvb12345
        qwer123456 1234567890a 1234567890q 123456789abc 123456789qwe 123123qweqwe 1q2w3e4r5t
        1qaz2wsx3edc 123qweasdzxc 7777777777a 123456789aa 123456789qq 1234567891 12345678910
        1234567899 1234567898 0123456789a 012345678910 1234512345 1231231234 123412345678
        123456123456 1234567812345678 12345123456 112233445566 1111122222 1212121212 1231231231
        123321123321 1234321234 1223334444 122333444455555 1122112211 1112223333 111222333444
        1234567890123 9999988888 5555544444 0000011111 1020304050 102030405060 1029384756 0192837465
        9876543210 9876543211 9876512345 9638527410 7418529630 7894561230 1478963250 1236987450
        0987654321 0987654321a 987654321a 987654321q 19871987 19851985 1984198419 20012001 20102010
        thx1138thx rush2112rush ou812ou812 8675309jenny 8675309867 ab12cd34ef56 a1b2c3d4e5
        passw0rd123 p455w0rd123 letmein123 access1234 access12345 security123 secure1234 computer123
        internet123 microsoft1 microsoft123 windows123 windowsxp1 windows2000 windows7890 macintosh1
        googlegoogle google1234 facebook123 facebook1234 twitter123 youtube123 yahoo12345 hotmail123
        gmail12345 linkedin123 instagram1 whatsapp123 samsung123 samsung1234 motorola123 blackberry
        blackberry1 nokia12345 nokia3310a nokia6300a iphone1234 android123 oracle1234 database123
        database12 server1234 network123 password01 password02 password11 password99 password007
        pa55word123 passpass123 passwordpassword pass123456 pass1234567 pass12345678 pass123pass
        passw0rd12 mypass1234 mypass12345 qwertyuiop1 qwertyuiop123 asdfghjkl1 asdfghjkl123
        zxcvbnm123 zxcvbnm1234 asdfghjkl12 qazwsx1234 qazwsx12345 qazwsxedc1 qazwsxedc123 1qazxsw2
        1qaz2wsx3e zaq12wsxcde3 qweasd1234 qweasdzxc1 123qwe123qwe qwe1234567 qwe123456789
        q123456789 w123456789 a123456789 z123456789 s123456789 m123456789 k123456789 j123456789
        aa12345678 aa123456789 qq123456789 ab12345678 abc123456789 abc12345678 abc1234567 woaini1314
        woaini520520 woaini1314520 5201314520 5201314woaini zhang123456 wang123456 li123456789
        woaiwojia1 nihaoma123 aini1314520 1314520520 7758521521 7758258258 wangyut2xx geheim12345
        passwort123 passwort1234 hallo12345 hallohallo schalke04a schatz1234 ichliebedich motdepasse
        motdepasse1 jetaime123 jetaime1234 doudou1234 azerty1234 azerty12345 azerty123456 soleil1234
        bonjour123 marseille13 contrasena contrasena1 contrasenha teamo12345 teamomucho tequiero123
        tequieromucho mariposa123 estrella123 chocolate123 corazon123 amorcito123 amoreterno
        diosesamor diosesfiel jesusteamo senha12345 senha123456 mudar12345 brasil2014 flamengo10
        corinthians palmeiras1 saopaulofc gremio1903 internacional parola1234 parola12345
        password2000 ciaociao12 juventus1897 forzainter forzamilan wachtwoord wachtwoord1 welkom1234
        welkom2020 haslo12345 haslo123456 polska1234 lubieplacki kochamcie1 kochamcie123 misiaczek1
        kasia12345 parol12345 lozinka123 heslo12345 salasana123 losenord123 sifre12345
        """

    static let beginningText = "the my mr ms i im iam my- the_ my_ @ # ! a q x z aa qq xx"

    static let endingText = """
        ! !! !!! !@# !@#$ !@#$% @ # $ * ** . .. ... , - _ + ? ?? ~ a b c d e f g h i j k l m n o p q
        r s t u v w x y z aa ab abc abcd abcde abcdef asd asdf qwe qwer qwerty xx xyz zz zzz er
        ed ing es 1a 1! 123a 123abc 123qwe 123! 123!@# @123 @1234 @12345 @1 #1 #123 .com @gmail .net
        _123 -123 !1 !123 *123 4ever 4life 4me 4u 2u 4you 4eva forever 2k 1st 2nd 3rd th 007 007!
        420! 69! xoxo lol man boy girl
        """

    /// Words that go before any word.
    static let beforeText = """
        password pass admin root test user login welcome hello ilove love iloveyou loveme my super
        secret master big little baby sexy hot cool crazy happy lucky sweet pretty black white red
        blue green pink purple golden silver dark new old qwerty asdf qwer qwe abc abcd fuck fuckyou
        god jesus king queen lady mister the forever
        """

    /// Words that go after any word.
    static let afterText = """
        password pass admin root test user login love lover loves loveme iloveyou forever always
        girl boy baby man king queen star rock rocks sucks fan master killer hunter god jesus qwerty
        asdf abc abcd world life online friend friends dog cat 123456 1234567 12345678 123456789
        1234567890 12345 123123 111111 654321
        """
}
