// The service's security room: the words and names behind CommonPasswords.

extension CommonPasswords {
    /// Words that people begin with or that stand alone.
    static let wordText = """
        summer summertime wintertime springtime playtime bedtime showtime television telephone
        cellphone radio calculator keyboard backspace spacebar enter escape delete control alternate
        printer monitor notebook laptop desktop macbook impossible possible difficult wonderful
        wonderland neverland fairyland dreamland dreamer dreams dreamteam nightmares underworld
        otherworld blackjack jackpot roulette rocknroll heavymetal deathmetal blackmetal hardrock
        softrock minicooper notredame ohiostate pennstate texasam longhorns gators seminoles
        wolverines buckeyes sooners tarheels bluedevils hurricanes huskers crimson bulldogs chargers
        bengals browns ravens titans colts jaguars texans dolphins bills jets buccaneers saints
        panthers falcons seahawks rams niners fortyniners cubs whitesox mets phillies braves marlins
        nationals astros mariners athletics rockies padres angels royals tigers twins indians
        orioles bluejays rays knicks nets sixers raptors pistons pacers bucks hawks hornets heat
        magic wizards spurs mavericks rockets grizzlies pelicans suns kings clippers blazers jazz
        nuggets timberwolves thunder penguins flyers bruins canadiens mapleleafs senators sabres
        blackhawks redwings blues predators wild avalanche flames oilers canucks sharks ducks
        coyotes peanutbutter jellybelly candycane candyland gummybears popcorn pringles nutella
        oreos kitkat mentos twix skittle holyspirit holyghost godlovesme godislove jesusfreak
        jesuslives amen hallelujah christian catholic protestant harekrishna jaihanuman jaishreeram
        radheradhe waheguru satnam ramram omsairam radhakrishna capricorn aquarius pisces aries
        taurus gemini cancer leo virgo libra scorpio sagittarius ophiuchus johndeere caterpillar
        tractor kingfisher kingofthehill dramaqueen heartbreak heartbreaker heartless brokenheart
        stonecold smackdown johncena jeffhardy reymysterio therock undertaker hulkhogan wrestlemania
        onedirection hilaryduff johnnydepp bradpitt angelinajolie jamesbond kurtcobain
        threedaysgrace underoath souljaboy nickjonas challenger champions universal multimedia
        electrical mechanical automatic manual realestate generation nextgen dontforget remember
        rememberme forgetme forgetmenot nevermore evermore countryboy countrygirl cityboy citygirl
        fireman firefighter paintball spongebob sailormoon paradise universe infinity ghostrider
        roadrunner highlander bladerunner goldfinger goldeneye pathfinder moneymaker mastermind
        godfather terminator underground lighthouse snowboard snowboarder skateboarding bodybuilder
        bodyguard bulldog greyhound dalmatian rottweiler labrador retriever chihuahua hedgehog
        kangaroo crocodile alligator elephant giraffe salamander scorpion mockingbird nightingale
        bluebird blackbird redbird bluejay cardinal woodpecker hummingbird butterfly bumblebee
        grasshopper ladybug honeybee jellyfish starfish goldfish swordfish barracuda piranha octopus
        seahorse mermaid buttercup dandelion daffodil lavender jasmine magnolia marigold primrose
        tulip orchid violet wildflower strawberry raspberry blackberry blueberry pineapple
        grapefruit tangerine clementine pomegranate watermelon applesauce applepie cheesecake
        cupcake cupcakes pancake pancakes gingerbread marshmallow milkshake icecream lollipop
        lollipops jellybean jellybeans gumdrop bubblegum skittles starburst hersheys snickers
        butterfinger doritos cheetos spaghetti macaroni lasagna hamburger hotdog sandwich mcdonalds
        starbucks budweiser heineken corona smirnoff tequila jackdaniels whiskey champagne margarita
        brandy martini marijuana ganja weed cannabis smoker stoner hustler gangster gangsta thuglife
        playa player westside eastside southside northside downtown uptown brooklyn manhattan bronx
        queens harlem hollywood beverly malibu miami hawaii alaska arizona colorado montana nevada
        oregon virginia georgia carolina alabama tennessee kentucky indiana michigan minnesota
        wisconsin illinois missouri oklahoma arkansas louisiana mississippi pennsylvania connecticut
        massachusetts washington seattle portland phoenix denver houston atlanta detroit
        philadelphia baltimore cleveland cincinnati pittsburgh milwaukee minneapolis sanantonio
        sandiego sanfrancisco sacramento lasvegas neworleans nashville memphis charlotte orlando
        tampa amsterdam rotterdam brussels barcelona valencia sevilla lisbon athens istanbul
        budapest warsaw prague vienna zurich geneva stockholm copenhagen helsinki edinburgh glasgow
        birmingham newcastle sunderland middlesbrough leicester nottingham sheffield leeds
        wolverhampton tottenham astonvilla westham rangers celtic aberdeen dublin ireland scotland
        wales singapore malaysia indonesia thailand bangkok philippines manila vietnam saigon
        hongkong shanghai beijing taiwan korea seoul osaka kyoto australia sydney melbourne brisbane
        newzealand southafrica johannesburg nigeria kenya egypt morocco casablanca jamaica jamaican
        puertorico dominican colombia venezuela argentina chile peru ecuador guatemala honduras
        elsalvador costarica panama cuba havana romania hungary bulgaria croatia serbia ukraine
        belarus kazakhstan poland sweden norway denmark finland holland belgium austria switzerland
        greece turkey turkiye israel jerusalem lebanon iran iraq intelligence information
        international professional university administrator administration communication
        relationship friendship leadership partnership championship scholarship entertainment
        development management government department technology engineering engineer architecture
        architect mathematics chemistry biology physics psychology philosophy photography
        photographer basketball volleyball gymnastics gymnast cheerleading soccerball badminton
        snooker billiards paintballer motocross motorbike motorcycle bicycle supercross nascar
        formula speedway racecar dirtbike skateboard rollerblade snowmobile sailboat speedboat
        submarine spaceship spaceman astronaut helicopter airplane aviation aviator pilot captain
        commander lieutenant sergeant general colonel officer detective undercover assassin
        executioner punisher destroyer conqueror gladiator barbarian crusader templar paladin
        sorcerer necromancer enchanted enchantress witchcraft wizardry magician vampires werewolf
        dracula frankenstein nightmare midnight moonlight starlight sunlight daylight twilight
        newmoon eclipse darkangel darkstar darklord darkknight blackcat blackdog blackdragon
        reddragon bluedragon whitetiger whitewolf blackwolf silverfox redfox bluesky greenday
        redrose blackrose whiterose goldstar bluemoon fullmoon honeymoon honeybear teddybear
        gummybear polarbear grizzly carebear sugarbear babybear babydoll babyface babycakes babylove
        babygurl sweetpea sweetie sweetness cutiepie cutegirl prettygirl hotgirl badgirl badboy
        goodboy coolboy cooldude partygirl partyboy playgirl supergirl wondergirl wonderwoman
        catwoman batgirl superboy supermario supernova superstar supersonic superfly superfreak
        sexmachine sexkitten sexybabe sexything sexylady hotstuff hotmama bigdaddy bigdog bigboy
        bigman bigred bigblue bigmac biggie littleman littleone littlegirl littlebit shorty
        smallville hotwheels thundercats transformers powerrangers teletubbies rugrats
        spongebobsquarepants flintstones jetsons simpsons homer bart southpark familyguy futurama
        looneytunes tweetybird tweety bugsbunny daffyduck tasmanian mickeymouse donaldduck goofy
        pluto disney disneyland pocahontas cinderella aladdin pinocchio peterpan tinkerbell simba
        nemo shrek woody buzzlightyear toystory incredibles wallstreet citizen titanic avatar
        braveheart predator aliens robocop rambo rocky scarface goodfellas pulpfiction reservoir
        fightclub inception matrix neo trinity morpheus armageddon independence apocalypse doomsday
        jurassic godzilla kingkong ghostbusters gremlins goonies breakfast evangelion gundam bleach
        ichigo inuyasha deathnote onepiece fullmetal alchemist cowboybebop digimon yugioh beyblade
        dragonball kamehameha supersaiyan finalfantasy sephiroth cloudstrife kingdomhearts
        devilmaycry residentevil silenthill metalgear solidsnake bloodrayne tombraider laracroft
        needforspeed mostwanted granturismo callofduty modernwarfare battlefield medalofhonor
        counterstrike halflife gordon freeman quakequake unreal tournament starcraft warcraft
        worldofwarcraft diablo baldursgate neverwinter morrowind oblivion skyrim fallout bioshock
        borderlands assassinscreed princeofpersia grandtheftauto sanandreas vicecity simcity thesims
        runescape maplestory habbohotel clubpenguin neopets gaiaonline myspace friendster
        livejournal photobucket facebook linkedin sonyericsson motorola panasonic toshiba lenovo
        hewlett packard compaq inspiron pentium celeron athlon radeon geforce nvidia syncmaster
        logitech playstation dreamcast gamecube gameboy nintendo wii sega metallica megadeth slayer
        pantera slipknot korn limpbizkit linkinpark systemofadown ironmaiden blacksabbath
        ledzeppelin pinkfloyd deeppurple acdc gunsnroses aerosmith bonjovi motleycrue vanhalen
        defleppard whitesnake scorpions rammstein nightwish withintemptation evanescence nirvana
        pearljam soundgarden foofighters offspring rancid blink sum41 goodcharlotte simpleplan
        mychemicalromance falloutboy panicatthedisco paramore tokiohotel coldplay radiohead oasis
        depechemode thecure thebeatles rollingstones thedoors jimmorrison jimihendrix bobmarley
        bobdylan johnlennon paulmccartney elvispresley michaeljackson madonna whitneyhouston
        mariahcarey celinedion britneyspears christinaaguilera jessicasimpson justintimberlake
        backstreet backstreetboys nsync spicegirls jonasbrothers mileycyrus hannahmontana zacefron
        chrisbrown rihanna beyonce jayz kanyewest eminem 50cent fiftycent lilwayne tupacshakur
        snoopdogg drdre icecube wutang cashmoney youngmoney nolimit deathrow rocafella ronaldinho
        ronaldo rivaldo kaka cristiano maradona zidane beckham rooney gerrard lampard drogba henry
        shevchenko buffon totti maldini delpiero batistuta figo raul casillas torres iniesta
        shaquille kobebryant lebron iverson mccarter carter jordan23 tigerwoods federer nadal
        sharapova schumacher alonso hamilton valentinorossi harleydavidson hondacivic mustanggt
        corvette camaro firebird transam chevelle impala silverado suburban explorer expedition
        navigator escalade landrover rangerover landcruiser maserati bugatti lamborghini bentley
        rollsroyce astonmartin jaguar peugeot renault citroen fiat alfaromeo seat skoda mazda
        skyline silvia supra integra accord civic prelude celica corolla camry lancer evolution
        hollister abercrombie billabong quiksilver quicksilver vans converse adidas nike reebok puma
        gucci prada armani versace dolcegabbana chanel victoria secret pumpkinpie apple pie
        sweethome homesweet homesweethome abrakadabra hocuspocus opensesame simsalabim
        supercalifragilistic supercalifragilisticexpialidocious hakunamatata carpediem semperfi
        semperfidelis invictus veritas excalibur camelot merlin lancelot guinevere robinhood
        sherlock sherlockholmes watson moriarty hannibal lecter corleone leavemealone idontknow
        dontknow iknow whoknows whocares whoami iamthebest iamgod iamcool imcool iamtheone theone
        numberone numero iamhappy behappy dontworry lifeisgood lifesucks lifeislife mylife newlife
        lovehurts lovehate lovelife lovestory lovesick lovebug lovebird lovebirds lovemachine
        lovemaker myheart mybaby myangel mydarling myfriend mychild mykids mygirl myboy myman mywife
        myhusband mymother daddysgirl mommy mamapapa papamama mamamia fuckyouall fuckthis
        fucktheworld fuckinside fucklove fuckmehard fucklife whatthefuck whatthehell suckmydick
        cocksucker cumshot blowjob handjob hardcore pornstar pornography pornographic masturbation
        intercourse deepthroat gangbang doggystyle penetration lesbian lesbians bisexual threesome
        nymphomaniac playmate penthouse voyeur bigtits bigboobs bigcock bigdick kissmyass kickass
        badass dumbass jackass smartass asshole dickhead shithead butthead bullshit holyshit
        horseshit dipshit motherfucker motherload telechargement vaffanculo figliodiputtana bastardo
        ragazza ragazzo bellissima bellissimo napoli napoli10 italiano felicidade saudade obrigado
        brasileiro computador estudante professor engenheiro jesucristo jesuscristo dioses diosmio
        santacruz guadalupe esperanza libertad felicidad universidad matematicas matematica
        ingeniero arquitecto zaratustra konstantin aleksandra aleksandr aleksander anastasiya
        ekaterina vladislav stanislav yaroslav svyatoslav bondarenko kovalenko cheburashka
        stalingrad leningrad novosibirsk petersburg matreshka babushka dedushka gfhjkm gfhjkmgfhjkm
        ghbdtn ghbdtnghbdtn ghjcnjgfhjkm yfnfif fktrcfylh vfrcbv fylhtq cthutq dkflbvbh lvbnhbq
        rjycnfynby fkbyf vfhbyf ctdfcnjgjkm vjcrdf hjccbz htubcnhfwbz zfcgfhjkm yjdsqgfhjkm
        vjqgfhjkm k.,jdm k.,bvfz cjkysirj rhfcjnrf vfvfgfgf vfvfvskfhfve bhbyf jkmuf yfnfkmz
        fyfcnfcbz rctybz ktyjxrf gjikbdce ghbdtnrfrltkf translator microphone laboratory dictionary
        encyclopedia restaurant supermarket hospital pharmacy perfection imagination inspiration
        meditation revolution resurrection redemption revelations revelation genesis exodus
        deuteronomy corinthians ephesians philippians proverbs psalms psalm23 psalm91 john316
        matthew gabriel archangel raphael uriel lucifer satan beelzebub antichrist hellraiser
        painkiller juggernaut unforgiven deerhunter password passwort passwd passw0rd pass passcode
        pwd admin root user guest test testing tester demo login welcome hello letmein changeme
        default access master super system server oracle mysql cisco linux windows microsoft google
        twitter youtube yahoo gmail hotmail amazon samsung nokia sony iphone android computer
        internet network security secure private public office company manager service support
        database developer qwerty qwertz azerty qwer qwert qwertyu qwertyui qwertyuio qwertyuiop
        asdf asdfg asdfgh asdfghj asdfghjk asdfghjkl zxcv zxcvb zxcvbn zxcvbnm qaz qazwsx qazwsxedc
        wsx edc qwe asd zxc qweasd qweasdzxc asdasd qweqwe zxczxc abc abcd abcde abcdef abcdefg
        abcdefgh aaa aaaa aaaaa aaaaaa xxxx xxxxxx zzzzzz qqqqqq 123456 1234567 12345678
        123456789 1234567890 12345 123123 111111 000000 654321 666666 777777 888888 121212 112233
        123321 987654321 987654 147258369 123qwe 1q2w3e 1q2w3e4r 1qaz2wsx qwe123 abc123 a1b2c3
        a1b2c3d4 iloveyou ilove love loveme lover lovely loveyou loves loving mylove iloveu iloveme
        iloveyou2 truelove lovelove forever always friend friends family mother father daddy mama
        papa sister brother baby babygirl babyboy babe girl boy girls boys angel devil heaven hell
        jesus christ god lord faith hope grace bless blessed blessing church bible allah islam
        muslim krishna ganesh shiva buddha trustno trust freedom peace happy smile smiley sunshine
        sunny winter spring autumn flower flowers rose roses rainbow star stars moon sun sunset
        sunrise sky ocean river mountain forest garden island beach dragon monkey tiger lion lions
        eagle eagles falcon wolf wolves bear bears horse horses dog dogs doggy puppy cat cats kitty
        kitten panda bunny rabbit turtle dolphin shark snake spider bird chicken pony unicorn
        football soccer baseball hockey tennis golf golfer softball cricket rugby boxing wrestling
        racing runner running swimming swimmer skater surfer fishing hunting hunter dancer dancing
        cheer cheerleader champion winner gamer games game gaming playboy killer hacker ninja
        samurai pirate warrior soldier marine marines army navy airforce police ranger cowboy
        cowboys viking knight king queen prince princess princesa lady duke legend hero boss chief
        wizard mystery shadow lightning storm fire ice snow rain water earth wind flame blaze
        inferno darkness dark light black white red blue green yellow orange purple pink silver gold
        golden diamond crystal pearl ruby jade cookie cookies candy chocolate cherry apples banana
        peach lemon mango coffee pepper peanut cheese pizza burger butter sugar honey pumpkin pickle
        peaches coconut vanilla ginger cocacola pepsi guinness starwars startrek batman superman
        spiderman ironman hulk joker avengers marvel pokemon pikachu naruto sasuke goku vegeta
        minecraft roblox fortnite counter halo zelda mario luigi xbox sonic tetris doom quake tupac
        beatles elvis guitar piano drums music musica rock rockstar rocker metal punk hiphop rapper
        disco house techno porsche ferrari mercedes bmw audi honda toyota nissan mustang chevy ford
        dodge jeep harley yamaha suzuki kawasaki ducati subaru lexus volvo america american usa
        canada mexico brasil brazil england london paris france italia italy germany berlin espana
        spain madrid portugal russia moscow china japan tokyo india indian pakistan bangladesh texas
        florida california newyork chicago boston dallas vegas arsenal chelsea liverpool manchester
        united everton juventus milan inter messi jordan yankees redsox lakers bulls steelers
        packers raiders patriots broncos giants dodgers cardinals celtics warriors fuckyou fuckme
        fucker fuck fuckoff shit bitch bitches pussy sexy sex sexygirl sexyboy naked porn whatever
        nothing something anything everything nobody somebody someone please thankyou thanks sorry
        goodbye goodluck goodgirl lucky luckydog luck money dollar million millionaire rich cash
        bank casino poker junior senior student teacher school college doctor nurse lawyer driver
        trucker farmer january february march april june july august september october november
        december monday tuesday wednesday thursday friday saturday sunday birthday christmas
        halloween holiday vacation party apollo zeus athena hercules spartan trojan atlantis titan
        maverick rocket turbo cyber zombie vampire ghost alien monster beast creative design art
        artist pretty cutie sweet sweety sweetheart darling dear beauty beautiful gorgeous cute
        hottie crazy stupid loser idiot funny cool coolguy awesome amazing fantastic perfect special
        precious treasure geheim hallo schatz sommer ficken schalke motdepasse bonjour jetaime
        doudou loulou soleil amour amor amore teamo tequiero mivida corazon estrella mariposa
        contrasena senha bonita hermosa woaini nihao aini parola ciao bella juve forza welkom
        wachtwoord geheimpje haslo polska kochanie misiek kasia
        """

    /// First names.
    static let nameText = """
        nick mike matt josh ben tom tim jim bob bobby joe joey sam sammy kate katy jen jenny jess
        jessie liz lizzie amy eve dan danny bill billy steve dave davey jeff greg chad kyle tony
        luke mark carl karl eric erik ian sean shaun shane christophe alessandra aleksandra
        maximilian maximiliano bartholomew evangeline evangelina josephine henrietta wilhelmina
        bernadette antoinette marguerite genevieve clementine constantine christabel clarissa
        marcella annemarie mariejose marieanne juancarlos josemaria jeanpaul jeanpierre jeanmarc
        jeanluc annabella annabelle isabelle gabrielle michaela rafaela graziella raffaella federica
        federico simone stefania stefano domenico roberto roberta alberto fabrizio massimo maurizio
        salvatore vincenzo guillermo humberto rigoberto heriberto esmeralda guadalupe margarita
        magdalena montserrat alejandrina marisol dolores mercedes concepcion rosario soledad
        washington jefferson lincoln kennedy roosevelt churchill napoleon bonaparte alexander julius
        caesar cleopatra michael jennifer jessica ashley amanda daniel matthew andrew joshua justin
        robert thomas william anthony joseph charlie charles christopher christian christina
        christine nicholas nicole michelle melissa stephanie elizabeth samantha rebecca rachel
        heather amber danielle natalie victoria vanessa veronica patricia barbara sandra alexandra
        alexandre alexis alex alejandro alejandra andrea andreas andres angela angelica angelina
        anna anne annie antonio arthur austin benjamin bianca brandon brandy brian brittany bruno
        cameron carlos carmen carolina caroline cassandra catherine katherine kathryn chelsea chris
        claudia cristian cristina daniela david dakota dennis destiny diana diego dominic donald
        douglas dylan eduardo edward elena emily emma emmanuel erica ethan eugene fernando florian
        francis francisco frank gabriel gabriela garrett george gerald gloria gregory gustavo hannah
        harold harry harrison hector helena henry isabel isabella isaac ivan jack jackson jacob
        james jasmine jason javier jeremy jerome jesse joanna john johnny johnson jonathan jordan
        jorge jose juan juliana julian julie justine karen karina katie kayla kelly kenneth kevin
        kimberly kristen kristina larry laura lauren leonardo leslie linda lindsay lisa logan
        lorenzo louis lucas luis madison manuel marcus marcos margaret maria mariana marie marina
        mario marissa martha martin marvin mary mason maurice max maxwell megan melanie miguel
        miranda mohamed mohammed mohammad muhammad ahmed ali hassan hussein ibrahim mustafa morgan
        monica nathan natalia natasha nelson oliver olivia oscar pablo pamela patrick paul paula
        pedro peter philip phillip phoebe rafael ramon raymond ricardo richard robin rodrigo roger
        roland ronald ronnie rosa russell ryan sabrina sally salvador santiago sara sarah scott
        sebastian sergio sharon shannon sierra simon sofia sophia sophie spencer stefan stella
        stephen steven stuart susan sydney sylvia tamara taylor teresa theresa tiffany timothy tina
        travis trevor tristan tyler valentina valeria valerie vincent virginia walter wesley willie
        winston xavier yolanda zachary smith williams miller davis garcia rodriguez martinez
        hernandez lopez gonzalez wilson anderson moore bailey buster bandit buddy casper chester
        coco cooper daisy duke felix ginger gizmo jasper lucky maggie mickey midnight milo missy
        molly muffin oreo patches peanut pepper precious princess rascal rocky rusty sadie sassy
        scooter shadow shelby simba smokey snickers snoopy snowball spike tigger toby zoey garfield
        bubbles bubba brandi rahul priya pooja neha sanjay rajesh suresh deepak amit vijay krishna
        lakshmi anjali sachin dhoni mariam fatima aisha omar yusuf natalka marek tomek michal pawel
        piotr jakub agnieszka ania magda lukas jonas leonie johanna sabine nicolas julien camille
        chloe thibault antoine giulia francesca giovanni giuseppe alessandro matteo andrey sergey
        dmitry alexey ivanov vladimir svetlana olga tatiana mehmet ahmet fatma ayse murat
        """
}
