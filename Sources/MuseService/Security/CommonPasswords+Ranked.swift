// The service's security room: those of the commonest passwords that no rule of CommonPasswords
// makes, by their fingerprints.

extension CommonPasswords {
    /// The first six bytes (base64url) of the SHA-256 of a folded password.
    ///
    /// With the rules they are the thousand commonest of ten bytes and more in each of two
    /// rankings of leaked passwords: Mark Burnett's ten million and Royce Williams's twenty
    /// thousand. Fingerprints, since nobody needs to read the words. Of one password it is
    /// `printf %s WORD | openssl dgst -sha256 -binary | head -c 6 | base64 | tr +/ -_`; one in
    /// 10^11 of all other passwords has the fingerprint of one of these.
    static let rankedText = """
        --iKYT85 -GxNEC6m -O7P2obT -V_DKC3C -hA4BPoe -iI1Hzf5 -m5eWhio -yfx3wMn 05PdJGVG 07Lfy85X
        0Iyehenl 0M0FxKpC 0R85YXJv 0Zd8SX2x 0hVoXFZb 0lsbU_7a 0oLq2Kcp 0t4afg6D 0tjgVp4x 0uKdsNQl
        0yLiYjZW 16vRhMKT 17_23yOO 1Jt9shw1 1SR1upSS 1gmnRoQ1 1rCd71lS 23rZUDNu 27efuLMs 28BUpiZy
        28blET4m 29YW0agU 2EqaaysP 2GyGUbeU 2K7MZSzk 2Kr8S4R8 2TwHdS81 2fgHrFuR 2hMkl5lR 2hXd3t3h
        2iWs-0xd 2ooOuHyV 2sry_44R 3A5BRhQC 3BN4NBch 3CK4aOQx 3YHKYftX 3kT7MqcG 3lLdQlW8 3mJ4q57R
        3ra-Q_xS 3sX_ZKpa 41_Nncsg 4AD0D8Ts 4HvvC3IJ 4MYdpjoA 4SsaUAPI 4SuC0djX 4laYJPAH 4op-83sQ
        4t553baU 52y1fV9g 53O7XZAm 5ABeLBV4 5F9MIySd 5FalgUsQ 5JozIW0Y 5MURLPgo 5Nwi0QZ2 5OaaH2i1
        5RTIP_bT 5WaUvuMI 5XoMzrhU 5Y8ejFX6 5cw-AvVf 5hvjtQap 5jgYAZH7 5keoMIcJ 5n9AQJrS 5oIbgukW
        5sxIOdFQ 5uRdja2C 5vc_GhW5 5xTMsjpR 60FZFkxg 68TbXSM9 6GXAnHVt 6JEzS1tA 6PGtK96j 6T3i6aqj
        6aL00OHw 6hWWChHR 6l5MTgho 6pDV4OUM 6rEblPRw 6tboQVbH 6wNLQdJ_ 6yY6-xn1 7-KUQ2wz 769WE_0d
        7AQuUs8- 7CC5idKx 7EStNC1T 7NLiIPA4 7Xk7S8xq 7Yub4ghC 7am_udXh 7gL-_IDD 7ovKuzYI 7qHx4HGS
        7qWf0b3G 7rTGuE0E 7vocfgyW 7weBZFq1 8-rFbqRk 84HxFMiu 86-NL0M8 89NqGuqS 8FlUgNHy 8Jtk-4qy
        8KqZEOuQ 8NE1GuAY 8cQl3812 8dLG7MIP 8fpdbCZC 8nXJNpLw 93C-Q6xj 97zS1ONy 98qHIEJi 9BPmNN7M
        9BVwj9-9 9GwAu1po 9I1oJxyo 9JTuobIF 9YfU1YZg 9_x-4EM5 9ckxayB6 9d7IcLax 9fHOjyXX 9hCaeZwk
        9hy0IoHs 9o4-zac5 9q5lTkEt 9rFEmDA3 A-t2zgW4 A1tsikru A649aPzX A7L8RRSo A8jOU1UX ACX3VwTw
        AClSVwms AHUjtSk4 AI3VUMIV AKa3LUCJ AM_kbSur ANQS7Y3M Afccmiur AktMLyeS Am3Ri561 Amxvm_lB
        An_t-XwW AyzBH-el B2DGKrWt B4Y-emoh BIcNK_we BJWfqIEJ BRkl0D_Y B_UxYgNn BaNyAavc BbtDKkv2
        BcgMZpuw Bcj3QT3- BiXRna_J BiXlv6Ee Bkf0sL_U BwlyXcru BwocSqv0 Bzkgyv5n C6leYkUV C9A5LfKx
        CA3F7Qk8 CJVzW77c CMPuSnMa COf63CId CW6qW1a- CXxudBjV CXy2wyWu CZ4REWKQ CZOPkSjQ C_fLj2ud
        Ccg4yrRM CsNi9T_M Cxdp8atf CzWWXGpA D4QNc1TQ DBWQWMUL DJbLS-8f DNJiKaPB DNLd-d7Q DPfHbhZO
        DW-sq-_P DW_924eX DX6iC0Uq DaC5Q_Mi Dkt81N6y DlY77uao DsrTbqaL DuFObJEl Dy0f3roA DzG4aL2s
        EDKY5hUq EKuMt9h9 ERjx7g3b EXI20LJN Ee-VdJ6k Eg-XLTAR Enw_bcUW Ethl4NMO F0elfdoY FB9hxMgR
        FCbEYv1n FD50xuGO FIZKaiPe FMWTxNre FSR__Zat FUtvftGw F_2s09oo FhLvykx3 FlxnOURS FuU56IOi
        G-Wh7kRq G1ulYEcx G3M-MIlx G4XTrrC0 GF79TOh2 GG2qKX3Y GL9u3ISA GVWP5u1a GW8mzVJa GmhC_8to
        GnnR3R1o GtzYHw4_ Gw-Twohs GwHjChn5 H5xKbOAW HGmdBtlm HHobX8CJ HUv9tooU Hd9NKQs7 HhWpro_x
        I5r8kQeE IFSDGO9B IIQQypVd IPNcuCyU IPn3VvTn IUK4ElAx IUf3IduG Ic3cgyHd Ij5p4uZP IkyraSW4
        IvWUef-L J-7Pl_MN J4e2_Qyf J6DWACf0 JA3V48kJ JApJ1znt JDfJ6662 JHn4D2R8 JOfoyhba JQflMYTm
        JSbIVjB4 JU44ky_b JWahjNHq JYWvpbYi Jg9S5sMA JjsZhNjC JrkQEXtL JxjzibJu JzMIHvSx K4Zem99J
        K68oNnmb K72-34Gc K8pHKV7a KC0EmdB4 KIRFn12c KMcSW2hA KObpqcWS KXqrxWu7 KfYUdClU Kl37-G6H
        Ko4ha7cs KvsNKEWg KwqMI0u5 KxHcqLj_ Ky4xAUY5 L8WS0Rsd L8c8P6XM LAkL2xLw LBVpn65v LEAgk_Vm
        LLOAnuPt LVQ7vBK3 LbHSnjnM LbxXTayl LgR_o1Af Lvp3ra9m LvpTJoe9 M5IwaDQJ M9c-I0Ec MABfVs8v
        MC__-FIz MJFuWJl3 MVAv9MaZ MfYed_JX MgNTnkoV MhfVcMPf MkfSCaCQ MlK_VlvL MvkKD-b2 N-gBkfae
        N6k0mxnj NI_Kixwd NNzhKj7v NTrruK2a NTv4GBxq NUQFkO-F NieZllxQ NjLN3Jk6 Np9haFPx NqDh_ezs
        Nttf8Ab5 NuJV2CJD NwUStjgt Nx_DGK7Q OEvjR0Sp Okke5GVr OogTz8BD Owz9ZBAF P2AwXS_1 P8bb1SJl
        PJ-iHVXQ PLW3DOus PN_VJyeP PPLPGi7e PQfYpVSe PUcnQ8bC PUgQsUsi P_RggP1V PdAeI1xr PfZUUyla
        PnQh5ofp PoE2kAAr PrykA-bQ Pu8M0Ub2 Q81Q7t7S QAlNCm-o QEreIqxR QF5gO0aY QJr-wt8a QPSj4iaM
        QTaY-V9h QVJQ_AUq QdAvO_d- QfvrRvHK QhCa_5uq QlDA8aIA Quhz82lN R7Wl-Gdn RC1rQl8V RKIUtLTC
        RP_ekQZ9 RT0qRvL5 RUGXuomS RUvmdpkx RZIJLhBh RcTEkr4e S2S484gT S7WIN_Iu S7XtUuVk SB7DEMKn
        SBZsfBke SC9YogAJ SCWF_2ix SKG33JO6 SZcGJ--K ShBqfkii ShVCFpMJ SiM9pnxu Sp29OLIG SqlNj-uM
        SrnzmOdn SsH1rv2b Sx1CEXaR TB3p6v6K THPWx311 TNdLjkTX TRPh2-er Tcbwr7Yh TePTPyEG Tlw1KEmV
        Tq_ccwUq TxsUeY9b TzxQYJHz U4-emfKK U6QPE_OV U6YMlDbZ UEFSjKxf UEVWRTxC UGG1HI-B UOaWginC
        UPSAl-Pl UpbB-h25 V1F74rAv V1rSXAZ_ VBiBQiOI VDOLVgAU VJy8_3ot VMyqok1X VNwLVJIW V_bahpXe
        VacyiQBN VemKHlU9 VpGnklzw W-W2kj5H W0e7tJ5Q W5VDi99J W9etsCRG WDIYNlTX WLqjxUr1 WeIPaUVi
        WknyoB8H Wy5MdmXg Wz4JNfWA WzRpWQh2 X1DdcnTv X9YFXARw XMe5YKwc XOX9Wjq5 XTtLrnUh XVbaT6zO
        XWi_vM9- XcKlx5Nc XkyYFNzI XocX3Va2 XpKG2oJh Xqg0hc-F XthOkQZh Xu7-FheI Xzs7YUlX Y-gRfAIM
        Y1C6ZBAO YFR7tBIQ YMXlg95j YMi7bYkP YXA0wi22 Yim68REL YriTCcwN Ytm1ayOp Z9cQpZCg ZC7jUIEZ
        ZbyGf2j_ ZcJ5OP5g Zn1QGixt ZnjUPnQt ZsySkCgm ZvH6gy1h _EqsfcFA _JdUVstx _LeOpgvD _UZtYtZ0
        _ZTVc-SL _aeZDTEN _g4YSt1z _o3htP9G a0EeOhAd a2yw6gWg a3Um54FX aHTqMdvg aOQVDdWF aVY0dZDC
        aXwx1cHE asTTTHjU ax5bbzYV axLuD8kS azcN9DDL bBykACUJ bEEcZ7zg bF8oWp7b bN6206aW bUAJVxgL
        bV1F1X68 bXIMJxUT bXQT02HB blla8mvo bq5p3jRy bu37ltcn buqLBMaL byK2TsB0 bzkt7Y4S c0duOCYx
        c5jPEPKa c8Y9FsZo cCHteDeF cNSLMsN3 cNtyRB4c cORI7zCZ cScI4HtC cVTG7rbN cW-f-Skx cXmwswmI
        cYyK3KNx c_yNKmGk d1RMi5NO d1ucIAAC dFCRQgpa dF_oJxtt dGJDFneX dK8eou_c dM056gyX dYbe6cP_
        dcIJcL71 dg7c05VV dlVemTRb dnl7kG3q eAOgglMz eAsQz6qs eEQcvs5V eJnpUAdW eYCWRKgw e_0319l1
        ecBRe_Km ejDXgxDy enrb7Gas f-mRLLER f1dB-9k0 f9USuwAc fBIdwVpo fDbFsPtr fQ_wbk-N fTFrk95f
        fY8xA2MQ fZy_BSLa fcrJGqyR fmyUBjiS fuytuXqA g3A1SQ8I gPqEn4L4 gXSgXU4m gXc3EzGT gahT_2wz
        gdP4dy5A ggNE6Woo ggbSLwQ3 gos7-2ek guU7DLn9 h2jO0l5j h8jWu9tx hFul5BLQ hGFbGnvX hPUOiY95
        hTp0Zi0g hgVJBRwh hoZ8F96U hxV1AHg- i1G5oV0G iTUmIaLl iZy4ORi2 icxNlVM- iwQwg7qb jEu93swy
        jG6W96tq jOHNQ8Wl jOHRVMnz jRfb0oUp jTy7dUF- j_s9Divd j_yfeNDW jflQJlOP jj9oVeGP jrCOx_8g
        jssL-aGe k2bAV3kg k8WIZAAH kBWzUCoh kFt9jSRa kHfRr2nH kJzeSic- kOAzpkCL kQ7u0Efz khkzGfYC
        klMim0dK l0YH7Xe0 l4R2VIgA l6-7RQoB lEwFMyQr lFcpmyms lI3hY6xl lJCcXs1f lJxEOkAe lTEk9ZZQ
        lTpoWq_F lanbNeaD lbOvMJkm lbYfs0wT lc5w2e3j lfsNu3D4 loNH3e1q lrfJALFm lxMNVbj9 m4WfSLVV
        mBhFCJIR mYrzWhPQ meK1jIxY mjmLyCvS mkU9z2g1 mryLEELX mwcwVnBE myj5Qxqb n0e6SwFx n8bBBhaW
        n8yjWvNh n9Awg0K7 nH9yzRDZ nI9aSnd5 nVKYC8_c ngtrEjvV nm75ADWu nqzLaVN4 nsXb74fb nt10Ev5l
        o2Gh5-iO o561b90S oDZHVaOK oHoz6xxZ oMdLnm08 o_VdhasN ocel7KGE oe7l20fB p0I8-dqb p7sZkz0N
        pAGAnyl6 pNMMXJi9 pRWrT5XW pRnNhvEa pXRaKQ6n pZORALpM pdgv_DtC pgOXSuSz pievSUPD pmLJUW9Y
        ptgYlgxU pxi7y24p q5EJ5PBq q6Ojg1Sn q8SG2DrS qD8GqUza qO6uBFgh qQ-JYnO7 qSytromt qbnrnLjw
        qicCoAbD qq5_Dih9 qtrxjGOh r1f5ohtY r56Bi1Zw r5d3cuGJ rDmTnuBF rG4JDqqu rHvfspVS rOYQFo9T
        rTzsaSA- r_EutoXA rdiZgTEC rl3rhl05 s-O2TjUH s01GB8ju s1scSQRk s3c0tDtX sCVvDvTf sHyVpU0h
        sKnpDWH0 sM12t9eC sQmj9k-S sUDJUo8d saWK94hk sd045QXl se6z_E8n smtwMKuz sowizQRQ ssN-0Zpd
        t6DHxPYW tMTY0b-3 tR176m0C tWtbUZvF tcxe2f6P tl-LsyNd trkBAlXO tyzj41xp u5wN41B1 uDa-NY_K
        uFEjvFct uGpkSmAv uLlPL41s uLvW8D54 uOykKq1I ubnl3J_M ueo2xrHE ujUCMdFG uqH1mEuA uqjhZ7hj
        uwPgxK-Z ux5lJ6XJ v1f-Vj7D v2H_PZIs vFTDQJBo vO3PJPf0 vduQsOe3 vmfbC7CJ vqfwiHW7 vw_8Ayfq
        wENKfVAm wIe2O29i wJTcytHi wMSfyj0o wNuQ8p9Q wShITec3 w_0Mevlh wjFw3YhY wjmynV3l wqtNX8Q7
        xBgb3OKq xCQlx7Y8 xDpI1s7B xEPt0OiW xEe7CSg8 xSaaiD8a xUB7W9-1 xUBAtLBA xWEhb5dW xYNXihgB
        xaLAosna xd1uHYDW xkBrBr99 xkYHmKv9 xlWNLBFo xuUP5t63 xuyVqIXC xvj_mC1E yAPQoVIQ yK3kXtZP
        yM7S6MBM yQ7__F6F yQNOSa8s yQdomig7 yXFlfwx3 ybjgZ2Uf ybqtDBfv yeUxMOPL yhn5SwrZ ykFv9Lte
        yrGOXAzf ys_VJEAD yy02LG_u yzaxU0RZ z1rLyryw z4w-P3Gu zC627GOL zEgWpdHw zJIAZJTh zNFqE176
        zb7O0yMh zeftc_m1 zgBglPeB zizyd54s zwpahWQL
        """
}
